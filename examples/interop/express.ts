// Express under serveHttp: each request is a task, and what its handler waits for ends with the client.
import { isCancelled } from '@ambit/core';
import { fetch, serveHttp } from '@ambit/io';
import type { ServeHttpOptions } from '@ambit/io';
import express from 'express';
import type { ErrorRequestHandler, Express } from 'express';

// #region express
export function makeApp(prices: URL): Express {
  const app = express();

  // Nothing of cancellation in here: the ambient scope is that of the request.
  app.get('/prices/:item', async (request, response) => {
    const answer = await fetch(new URL(request.params.item, prices));
    response.json(await answer.json());
  });

  app.use(forgetCancelled);
  return app;
}

/** The client has gone, or the grace is over: nobody is there to be told, and nothing has failed. */
const forgetCancelled: ErrorRequestHandler = (error, request, response, next) => {
  if (isCancelled(error)) response.destroy();
  else next(error);
};

export function serve(app: Express, options: ServeHttpOptions): Promise<never> {
  return serveHttp(app, options);
}
// #endregion express
