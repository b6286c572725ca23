import { QueryClient, QueryObserver } from '@tanstack/query-core';

export function typeAhead({ input, search, show }) {
  const client = new QueryClient();
  const optionsFor = (query) => ({
    queryKey: ['search', query],
    queryFn: ({ signal }) => search(query, signal),
    enabled: query !== '',
    retry: 2,
    retryDelay: 20,
    staleTime: 60_000,
  });
  const observer = new QueryObserver(client, optionsFor(''));
  const unsubscribe = observer.subscribe(({ isSuccess, isError, data, error }) => {
    if (isSuccess) show({ results: data });
    if (isError) show({ error });
  });
  let timer;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => observer.setOptions(optionsFor(input.value)), 30);
  };
  input.addEventListener('input', listen);
  return () => {
    input.removeEventListener('input', listen);
    clearTimeout(timer);
    unsubscribe();
  };
}
