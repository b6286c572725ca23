import { show } from '@ambit/core/lowlevel';

/** An event for a browser's EventSource. */
export interface ServerSentEvent {
  /** A string as it is, anything else as JSON. */
  readonly data: unknown;
  /** Its type. Default: 'message'. */
  readonly event?: string | undefined;
  /** What the client sends as `Last-Event-ID` when it connects again. */
  readonly id?: string | undefined;
  /** Milliseconds that the client waits before it connects again. */
  readonly retry?: number | undefined;
}

/** How an event is written. A string is an event that has nothing but data. */
export function textOf(event: ServerSentEvent | string): string {
  if (typeof event === 'string') return `${linesOf('data', event)}\n`;
  if (!isObject(event)) {
    throw new TypeError(`sse: an event is ${show(event)}; give a string, or an object with data`);
  }
  const { data, event: type, id, retry } = event;
  let text = '';
  if (type !== undefined) text += `event: ${onOneLine('event', type)}\n`;
  if (id !== undefined) text += `id: ${onOneLine('id', id)}\n`;
  if (retry !== undefined) text += retryLine(retry);
  if (data !== undefined) {
    text += linesOf('data', typeof data === 'string' ? data : jsonOf(data));
  }
  return `${text}\n`;
}

export function retryLine(milliseconds: number): string {
  if (Number.isSafeInteger(milliseconds) && milliseconds >= 0) return `retry: ${milliseconds}\n`;
  throw new RangeError(`sse: retry is ${show(milliseconds)}; give whole milliseconds from 0`);
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function linesOf(field: string, text: string): string {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.map((line) => `${field}: ${line}\n`).join('');
}

function jsonOf(data: unknown): string {
  const text = typeof data === 'bigint' ? undefined : (JSON.stringify(data) as string | undefined);
  if (text !== undefined) return text;
  throw new TypeError(`sse: data is ${show(data)}; give a string, or what JSON has a form for`);
}

/** A line end in it would begin another field, chosen by the author of the text. */
function onOneLine(field: string, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new TypeError(`sse: ${field} is ${show(value)}; give a string`);
  }
  const text = String(value);
  if (/[\r\n\0]/.test(text)) {
    throw new TypeError(`sse: ${field} is ${show(text)}; give one line, without a zero byte`);
  }
  return text;
}
