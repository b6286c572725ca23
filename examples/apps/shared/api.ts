// The shop's API. Each call belongs to the scope in which it is made: when that is cancelled, the browser closes the connection.
import { currentScope, gather } from '@ambit/core';
import { execute } from '@ambit/core/abort';

export interface Named {
  readonly id: number;
  readonly name: string;
}

interface Details {
  readonly name: string;
  /** Cents. */
  readonly price: number;
  readonly place: string;
  readonly minutes: number;
}

export interface Thing extends Details {
  readonly reviews: readonly string[];
}

export interface Places extends Named {
  readonly places: number;
}

export interface BasketItem extends Named {
  readonly count: number;
}

export const findThings = (text: string): Promise<Named[]> =>
  ask(`search/${encodeURIComponent(text)}`);

export const getThings = (): Promise<Named[]> => ask('things');

export const getPrice = (id: number): Promise<number> => ask(`prices/${id}`);

export const getPlaces = (): Promise<Places[]> => ask('places');

export const getBasket = (): Promise<BasketItem[]> => ask('basket');

export const saveCount = (id: number, count: number): Promise<number> =>
  ask(`basket/${id}`, { method: 'PUT', body: JSON.stringify({ count }) });

/** Two requests at once: if one fails, the other is aborted. */
export async function getThing(id: number): Promise<Thing> {
  const [details, reviews] = await gather([
    () => ask<Details>(`details/${id}`),
    () => ask<string[]>(`reviews/${id}`),
  ]);
  return { ...details, reviews };
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(`/api/${path}`, { ...init, signal: currentScope().signal });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}

/** `fetch` does not tell how much was sent, so this is an XMLHttpRequest, aborted with the scope. */
export function uploadPhoto(photo: Blob, onProgress: (percent: number) => void): Promise<void> {
  return execute<void>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => {
      onProgress(Math.round((loaded / total) * 100));
    };
    request.onload = () => {
      if (request.status === 200) resolve();
      else reject(new Error(request.responseText));
    };
    request.onerror = () => {
      reject(new Error('The connection broke.'));
    };
    request.open('POST', '/api/photos');
    request.send(photo);
    return () => {
      request.abort();
    };
  });
}

/** Something to upload at hand: 24 MB. */
export const samplePhoto = (): Blob => new Blob([new Uint8Array(24 * 1024 * 1024)]);
