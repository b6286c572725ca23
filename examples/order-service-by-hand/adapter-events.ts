import type { FastifyReply } from 'fastify';
import type { ServerResponse } from 'node:http';

const HEARTBEAT = 15_000;

/** Clients that listen to events. */
export class EventStreams {
  readonly #responses = new Set<ServerResponse>();
  readonly #heartbeat = setInterval(() => {
    this.#write(': \n\n');
  }, HEARTBEAT).unref();

  add(reply: FastifyReply): void {
    const { raw } = reply;
    reply.hijack();
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    raw.flushHeaders();
    raw.on('close', () => this.#responses.delete(raw));
    raw.on('error', () => this.#responses.delete(raw));
    this.#responses.add(raw);
  }

  send(event: string, data: string): void {
    this.#write(`event: ${event}\ndata: ${data}\n\n`);
  }

  #write(text: string): void {
    for (const response of this.#responses) {
      // A client that does not read would fill the memory.
      if (response.writableNeedDrain) response.destroy();
      else response.write(text);
    }
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const response of this.#responses) response.end();
  }
}
