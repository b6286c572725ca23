import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { isCancelled, retry, sleep, sleepForever, timeout } from '@ambit/core';
import { fetch, serveHttp } from '@ambit/io';
import { simulate } from '@ambit/io/testing';
import type { SimulatedHost, SimulatedNetwork } from '@ambit/io/testing';
import { runAgent } from '../agent/agent.ts';
import { askOpenAi } from '../agent/ask-openai.ts';
import type { Tool } from '../agent/conversation.ts';
import { Model } from '../agent/model-server.ts';
import type { Script } from '../agent/model-server.ts';
import { sessionState } from '../agent/session.ts';

// The agent, with OpenAI's SDK as it is, and its model on two machines; the network between them fails.

interface World {
  readonly model: Model;
  readonly machine: SimulatedHost;
  readonly agent: SimulatedHost;
  readonly state: ReturnType<typeof sessionState>;
}

function world(network: SimulatedNetwork, script: Script, tools: readonly Tool[] = []): World {
  const model = new Model(script, 20);
  const machine = network.host('model', async () => {
    await model.listen(80, '0.0.0.0');
    await sleepForever();
  });
  const state = sessionState(10_000);
  const agent = network.host('agent', () => {
    const limits = { maxTokens: 100, idle: 2000 };
    const ask = askOpenAi('http://model');
    return runAgent({ name: 'lead', ask, tools, ...limits, ...state }, 'q');
  });
  return { model, machine, agent, state };
}

/** Of one second. */
const answer: Script = () => ({ text: 'word '.repeat(50) });

async function failureOf(agent: SimulatedHost): Promise<Error> {
  try {
    await agent.outcome();
  } catch (error) {
    return error as Error;
  }
  throw new Error('the agent has answered');
}

/** What must hold once the agent has ended, however it did. */
function expectNothingLeft({ model, state: { budget, journal } }: World): void {
  assert.equal(model.statistics().running, 0, 'requests run at the model');
  assert.equal(budget.reserved, 0, 'tokens are reserved');
  assert.equal(journal.entries.filter(({ state }) => state === 'running').length, 0);
  const words = journal.entries.reduce((sum, { text }) => sum + text.split(' ').length - 1, 0);
  assert.equal(budget.spent, words, 'what was heard is what was paid');
}

test('an answer that stands still is cut after the idle limit, and what was heard is kept', () =>
  simulate(
    async (network) => {
      const all = world(network, answer);
      await sleep(100 + network.random() * 700);
      network.partition(all.agent, all.machine);
      assert.equal((await failureOf(all.agent)).name, 'TimeoutError');
      network.heal();
      await sleep(100);
      expectNothingLeft(all);
      const [entry] = all.state.journal.partialAnswers;
      assert.match(entry?.text ?? '', /^(word ){1,49}$/);
    },
    { runs: 10, latency: [1, 20] },
  ));

test('a network that is gone for less than the limit loses no word', () =>
  simulate(
    async (network) => {
      const all = world(network, answer);
      await sleep(100 + network.random() * 700);
      network.partition(all.agent, all.machine);
      await sleep(network.random() * 1800);
      network.heal();
      assert.equal(await all.agent.outcome(), 'word '.repeat(50));
      expectNothingLeft(all);
    },
    { runs: 10, latency: [1, 20] },
  ));

test('a model that crashes fails the answer at once', () =>
  simulate(
    async (network, _, loop) => {
      const all = world(network, answer);
      await sleep(100 + network.random() * 700);
      all.machine.crash();
      const at = loop.now();
      const error = await failureOf(all.agent);
      assert(!isCancelled(error) && error.name !== 'TimeoutError', error.name);
      assert(loop.now() - at < 50);
      assert.equal(all.state.budget.reserved, 0);
      assert.match(all.state.journal.partialAnswers[0]?.text ?? '', /^(word ){1,49}$/);
    },
    { runs: 10, latency: [1, 20] },
  ));

test('an agent that crashes leaves no request at the model, and answers when it is started again', () =>
  simulate(
    async (network) => {
      const all = world(network, answer);
      await sleep(100 + network.random() * 700);
      all.agent.crash();
      await sleep(100);
      assert.deepEqual([all.model.statistics().running, all.model.statistics().left], [0, 1]);
      all.agent.restart();
      assert.equal(await all.agent.outcome(), 'word '.repeat(50));
      assert.equal(all.model.statistics().running, 0);
    },
    { runs: 10, latency: [1, 20] },
  ));

// A tool that costs money, and whose answer may get lost: it is called again after 300 ms.
describe('a call that is paid', () => {
  const buy = (keyOf: () => string): Tool => ({
    name: 'buy',
    description: 'Buys a thing.',
    input: { thing: 'which' },
    async run({ thing }: { thing: string }) {
      const key = keyOf();
      const order = async (): Promise<string> => {
        const init = { method: 'POST', headers: { 'idempotency-key': key } };
        return (await fetch(`http://shop/${thing}`, init)).text();
      };
      return retry(() => timeout(300, order), { attempts: 10, delay: 100 });
    },
  });

  const shopping: Script = ({ turn }) =>
    turn < 5
      ? { text: 'I buy', calls: [{ name: 'buy', input: { thing: `thing-${turn}` } }] }
      : { text: 'all is bought' };

  async function storm(network: SimulatedNetwork, tool: Tool): Promise<void> {
    const sold: string[] = [];
    const keys = new Set<unknown>();
    const shop = network.host('shop', () =>
      serveHttp(
        async (request, response) => {
          const key = request.headers['idempotency-key'];
          await sleep(5);
          if (key === '' || !keys.has(key)) sold.push(request.url ?? '');
          keys.add(key);
          response.end('sold');
        },
        { port: 80 },
      ),
    );
    const { agent } = world(network, shopping, [tool]);
    for (let cut = 0; cut < 2; cut += 1) {
      await sleep(network.random() * 500);
      network.partition(agent, shop);
      await sleep(network.random() * 600);
      network.heal();
    }
    assert.equal(await agent.outcome(), 'all is bought');
    assert.equal(sold.length, 5, `sold ${sold.join(' ')}`);
  }

  const search = (keyOf: () => string): Promise<void> =>
    simulate((network) => storm(network, buy(keyOf)), { runs: 30, latency: [1, 20] });

  test('is paid twice by some seed when its answer gets lost', () =>
    assert.rejects(
      search(() => ''),
      /failed with seed \d+: sold/,
    ));

  test('is paid once by all seeds when each call has a key', () => search(randomUUID));
});
