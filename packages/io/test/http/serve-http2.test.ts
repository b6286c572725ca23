// Servers of node:http2 given to serveHttp.
import { createSecureServer, createServer, connect, constants } from 'node:http2';
import type { ClientHttp2Session, Http2SecureServer, Http2Server } from 'node:http2';
import { Agent, get as getSecure } from 'node:https';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { currentTask, sleep, sleepForever } from '@ambit/core';
import { currentRequest } from '../../src/index.ts';
import type { ServeHttpOptions } from '../../src/index.ts';
import { makeCertificate } from '../support/certificate.ts';
import { serving, signal } from '../support/http-parts.ts';
import type { Served } from '../support/http-parts.ts';

interface Answer {
  readonly status: number | string | undefined;
  readonly text: string;
}

const kinds: [string, () => Http2Server | Http2SecureServer][] = [
  ['plain', () => createServer()],
  ['over TLS', () => createSecureServer(makeCertificate())],
  ['over TLS, with HTTP/1', () => createSecureServer({ ...makeCertificate(), allowHTTP1: true })],
];

type Listener = (request: { url: string }, response: Response2) => unknown;
interface Response2 {
  end(text: string): void;
  write(text: string): void;
}

/** A session with a service of the kind. */
async function withSession(
  make: () => Http2Server | Http2SecureServer,
  listener: Listener,
  body: (session: ClientHttp2Session, served: Served) => Promise<void>,
  options: Partial<ServeHttpOptions> = { grace: 2000 },
): Promise<void> {
  const server = make();
  (server as Http2Server).on('request', listener as never);
  await serving(
    server,
    async (served) => {
      const scheme = 'setSecureContext' in server ? 'https' : 'http';
      const session = connect(`${scheme}://127.0.0.1:${served.port}`, {
        rejectUnauthorized: false,
      });
      session.on('error', () => undefined);
      await once(session, 'connect');
      try {
        await body(session, served);
      } finally {
        session.destroy();
      }
    },
    options,
  );
}

function ask(session: ClientHttp2Session, path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const stream = session.request({ ':path': path });
    let status: number | string | undefined;
    let text = '';
    stream.setEncoding('utf8').on('response', (headers) => (status = headers[':status']));
    stream.on('data', (chunk: string) => (text += chunk));
    stream.on('error', (error: NodeJS.ErrnoException) => resolve({ status: error.code, text }));
    stream.on('close', () => resolve({ status, text }));
  });
}

describe.each(kinds)('HTTP/2 %s', (_kind, make) => {
  test('each request is a task', async () => {
    const tell: Listener = (request, response) => {
      const isKnown = currentRequest()?.request === (request as never);
      response.end(`${currentTask()?.name}, ${isKnown}`);
    };
    await withSession(make, tell, async (session) => {
      expect(await ask(session, '/a?b')).toEqual({ status: 200, text: 'GET /a, true' });
      const [one, two] = await Promise.all([ask(session, '/1'), ask(session, '/2')]);
      expect([one.text, two.text]).toEqual(['GET /1, true', 'GET /2, true']);
    });
  });

  test('a client that gives up one of its requests cancels its task, and no other', async () => {
    const [began, ended, go] = [signal(), signal(), signal()];
    const wait: Listener = async (request, response) => {
      if (request.url === '/other') {
        await go.given;
        response.end('there');
        return;
      }
      began.give();
      await sleepForever().finally(ended.give);
    };
    await withSession(make, wait, async (session, { errors }) => {
      const other = ask(session, '/other');
      const stream = session.request({ ':path': '/' }).on('error', () => undefined);
      await began.given;
      stream.close(constants.NGHTTP2_CANCEL);
      await ended.given;
      go.give();
      expect(await other).toEqual({ status: 200, text: 'there' });
      expect(errors).toEqual([]);
    });
  });

  test('a client that leaves cancels all of its requests', async () => {
    const [both, gone] = [signal(), signal()];
    let [running, left] = [0, 0];
    const wait: Listener = async () => {
      if ((running += 1) === 2) both.give();
      await sleepForever().finally(() => {
        if ((left += 1) === 2) gone.give();
      });
    };
    await withSession(make, wait, async (session, { errors }) => {
      void ask(session, '/1');
      void ask(session, '/2');
      await both.given;
      session.destroy();
      await gone.given;
      expect(errors).toEqual([]);
    });
  });

  test('a handler that throws answers 500, without a warning', async () => {
    const warnings: unknown[] = [];
    const onWarning = (warning: unknown): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const fails: Listener = () => {
      throw new Error('fails');
    };
    await withSession(make, fails, async (session, { errors }) => {
      expect((await ask(session, '/')).status).toBe(500);
      expect(errors.map(String)).toEqual(['Error: fails']);
    });
    await sleep(5);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('told to stop, it says so, and lets what has begun end', async () => {
    const began = signal();
    const slow: Listener = async (request, response) => {
      began.give();
      await sleep(150);
      response.end('to the end');
    };
    await withSession(make, slow, async (session, { stop }) => {
      const answer = ask(session, '/');
      await began.given;
      const told = once(session, 'goaway');
      const stopped = stop();
      expect((await told)[0]).toBe(constants.NGHTTP2_NO_ERROR);
      expect(await answer).toEqual({ status: 200, text: 'to the end' });
      expect(await stopped).toBeLessThan(1500);
    });
  });

  test('told to stop, it closes sessions that are idle', async () => {
    const answer: Listener = (request, response) => response.end('.');
    await withSession(make, answer, async (session, { stop }) => {
      await ask(session, '/');
      await sleep(120);
      expect(await stop()).toBeLessThan(1500);
    });
  });

  test('what is not answered when the grace is over gets a 503; what has begun is broken off', async () => {
    const [began, go] = [signal(), signal()];
    const wait: Listener = async (request, response) => {
      if (request.url === '/begun') response.write('half');
      else began.give();
      await go.given;
      response.end('late');
    };
    await withSession(
      make,
      wait,
      async (session, { stop, errors }) => {
        const begun = ask(session, '/begun');
        const answer = ask(session, '/');
        await began.given;
        const stopped = stop();
        expect(await answer).toEqual({ status: 503, text: 'Service Unavailable\n' });
        expect((await begun).text).not.toContain('late');
        go.give();
        await stopped;
        expect(errors).toEqual([]);
      },
      { grace: 100 },
    );
  });

  test('a request that its cancellation has ended leaves no error that nobody hears', async () => {
    const began = signal();
    const wait: Listener = () => {
      currentRequest()!.waitUntil(sleepForever());
      began.give();
    };
    await withSession(
      make,
      wait,
      async (session, { stop, errors }) => {
        const answer = ask(session, '/');
        await began.given;
        const stopped = stop();
        expect(await answer).toEqual({ status: 503, text: 'Service Unavailable\n' });
        await stopped;
        expect(errors).toEqual([]);
      },
      { grace: 100 },
    );
  });

  test('a limit that cuts an upload short is heard by the handler, and answered', async () => {
    const heard = signal();
    const read: Listener = (request, response) => {
      const reading = async (): Promise<void> => {
        try {
          await (request as unknown as Readable).toArray();
          response.end('whole');
        } catch (error) {
          if (error === currentTask()?.scope.reason) heard.give();
          throw error;
        }
      };
      currentRequest()!.waitUntil(reading());
    };
    await withSession(
      make,
      read,
      async (session, { errors }) => {
        const stream = session.request({ ':path': '/', ':method': 'POST' });
        stream.on('error', () => undefined).write('the first part');
        const answered = once(stream, 'response') as Promise<[{ ':status'?: number }]>;
        let text = '';
        stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        await heard.given;
        expect((await answered)[0][':status']).toBe(504);
        // The client is told to send no more.
        if (!stream.closed) await once(stream, 'close');
        expect(text).toBe('Gateway Timeout\n');
        expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
        expect(errors).toEqual([]);
      },
      { requestTimeout: 100 },
    );
  });

  test('an upload whose handler fails is over with its answer', async () => {
    const fails: Listener = async (request) => {
      for await (const chunk of request as unknown as Readable) throw new Error(String(chunk));
    };
    await withSession(make, fails, async (session, { errors, stop }) => {
      const stream = session.request({ ':path': '/', ':method': 'POST' });
      stream.on('error', () => undefined).write('the first part');
      const answered = once(stream, 'response') as Promise<[{ ':status'?: number }]>;
      let text = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      await once(stream, 'close');
      expect((await answered)[0][':status']).toBe(500);
      expect(text).toBe('Internal Server Error\n');
      expect(errors.map(String)).toEqual(['Error: the first part']);
      expect(await stop()).toBeLessThan(1500);
    });
  });

  test('an upload that is answered before its end is over with its answer', async () => {
    const answersEarly: Listener = async (request, response) => {
      for await (const _ of request as unknown as Readable) break;
      response.end('enough');
    };
    await withSession(make, answersEarly, async (session, { errors, stop }) => {
      const stream = session.request({ ':path': '/', ':method': 'POST' });
      stream.on('error', () => undefined).write('the first part');
      let text = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      await once(stream, 'close');
      expect([text, stream.rstCode]).toEqual(['enough', constants.NGHTTP2_NO_ERROR]);
      expect(errors).toEqual([]);
      expect(await stop()).toBeLessThan(1500);
    });
  });
});

test('HTTP/1 on a server of HTTP/2 is served and ended as ever', async () => {
  const server = createSecureServer({ ...makeCertificate(), allowHTTP1: true });
  server.on('request', (request, response) => response.end(request.httpVersion));
  await serving(server, async ({ port, stop }) => {
    const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
    const version = await new Promise<string>((resolve) => {
      getSecure({ port, host: '127.0.0.1', agent }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      });
    });
    expect(version).toBe('1.1');
    await sleep(120);
    expect(await stop()).toBeLessThan(1500);
    agent.destroy();
  });
});
