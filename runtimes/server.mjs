import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { join } from 'node:path';

/**
 * What the suites fetch from, and what the browser's page comes from and goes back to.
 * `results()`: what the page sends next.
 */
export async function serve(folder) {
  let deliver;
  const script = async (response, name) => {
    response.setHeader('content-type', 'text/javascript');
    response.end(await readFile(join(folder, name)));
  };
  const page = (response, name) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><body><script type="module" src="${name}"></script>`);
  };
  const answers = {
    '/fast': (_, response) => response.end('fast'),
    // Until the client has gone.
    '/slow': () => undefined,
    '/': (_, response) => page(response, '/page.js'),
    '/unfollowed-calls.html': (_, response) => page(response, '/matrix/unfollowed-calls.js'),
    '/matrix/unfollowed-calls.js': (_, response) => script(response, 'matrix/unfollowed-calls.js'),
    '/page.js': (_, response) => script(response, 'page.js'),
    '/worker.js': (_, response) => script(response, 'worker.js'),
    '/unfollowed.js': (_, response) => script(response, 'unfollowed.js'),
    '/results': async (request, response) => {
      deliver?.(await json(request));
      response.end();
    },
  };
  const server = createServer((request, response) => {
    const answer = answers[request.url];
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    results: () => new Promise((resolve) => (deliver = resolve)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
