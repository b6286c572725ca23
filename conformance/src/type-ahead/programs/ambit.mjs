import { currentScope, retry, TaskGroup } from '@ambit/core';
import { Action } from '@ambit/core/actions';

export function typeAhead({ input, search, show }) {
  const group = new TaskGroup();
  const find = async (query) => {
    const attempt = () => search(query, currentScope().signal);
    show({ results: await retry(attempt, { attempts: 3, delay: 20 }) });
  };
  const onError = (error) => show({ error });
  const action = new Action(find, { group, mode: 'restartable', delay: 30, onError });
  const options = { signal: group.signal };
  input.addEventListener('input', () => void action.perform(input.value), options);
  return () => group.stop();
}
