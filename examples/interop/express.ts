// Express with serveExpress: each request is a task, and its waits are cancelled when the client disconnects.
import { fetch } from '@ambit/io';
import { serveExpress, withTimeout } from '@ambit/io/express';
import type { ServeHttpOptions } from '@ambit/io/express';
import express from 'express';
import type { Express } from 'express';

// #region express
export function makeApp(prices: URL): Express {
  const app = express();

  // No code for cancellation is needed here: the ambient scope is that of the request.
  app.get('/prices/:item', withTimeout(5000), async (request, response) => {
    const answer = await fetch(new URL(request.params.item, prices));
    response.json(await answer.json());
  });
  return app;
}

/** Call this instead of `app.listen()`. */
export function serve(app: Express, options: ServeHttpOptions): Promise<void> {
  return serveExpress(app, options);
}
// #endregion express
