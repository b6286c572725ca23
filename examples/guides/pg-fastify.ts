// Fastify and PostgreSQL: what a query needs to end with its request.

// #region fastify
import { taskGroup } from '@ambit/core';
import type { ServeHttpOptions } from '@ambit/io';
import { serveFastify } from '@ambit/io/fastify';
import { query } from '@ambit/io/pg';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { Pool } from 'pg';

export function makeApp(pool: Pool): FastifyInstance {
  const app = fastify();
  app.get<{ Params: { id: string } }>(
    '/orders/:id',
    { config: { timeout: 300 } },
    async ({ params }, reply) => {
      const { rows } = await query(pool, 'SELECT id, item FROM orders WHERE id = $1', [params.id]);
      return rows[0] ?? reply.code(404).send({ error: 'no such order' });
    },
  );
  return app;
}

export async function serve(connectionString: string, options: ServeHttpOptions): Promise<void> {
  const pool = new Pool({ connectionString, max: 5 });
  pool.on('error', (error) => console.error('an idle connection broke:', error.message));
  await taskGroup(async (group) => {
    group.defer(() => pool.end());
    await serveFastify(makeApp(pool), { lameDuck: 200, grace: 5000, ...options });
  });
}
// #endregion fastify
