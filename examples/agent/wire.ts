// The two protocols that the model on loopback speaks, as far as the SDKs need them.

export type Protocol = 'openai' | 'anthropic';

/** What the model has been asked. */
export interface Asked {
  readonly protocol: Protocol;
  readonly model: string;
  /** The first thing that the user said. */
  readonly question: string;
  /** How many turns the model has had in this conversation. */
  readonly turn: number;
  /** How many times exactly this was asked, this time included. */
  readonly attempt: number;
  readonly maxTokens: number;
}

interface Body {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
}

export function asked(path: string, body: unknown, attempts: Map<string, number>): Asked {
  const { model, messages, ...limits } = body as Body;
  const maxTokens = limits.max_completion_tokens ?? limits.max_tokens ?? Infinity;
  const question = textOf(messages.find(({ role }) => role === 'user')?.content);
  const turn = messages.filter(({ role }) => role === 'assistant').length;
  const key = JSON.stringify([question, turn]);
  const attempt = (attempts.get(key) ?? 0) + 1;
  attempts.set(key, attempt);
  const protocol = path.endsWith('/messages') ? 'anthropic' : 'openai';
  return { protocol, model, question, turn, attempt, maxTokens };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = Array.isArray(content) ? (content as { text?: string }[]) : [];
  return parts.map(({ text = '' }) => text).join('');
}

interface End {
  readonly calls: readonly { readonly name: string; readonly input: object }[];
  readonly tokens: number;
  readonly isCut: boolean;
}

/** Writes the events of one answer. */
export interface Wire {
  begin(): void;
  text(piece: string): void;
  end(end: End): void;
}

type Write = (event: string) => void;

export function wireOf(protocol: Protocol, write: Write): Wire {
  return protocol === 'openai' ? new OpenAiWire(write) : new AnthropicWire(write);
}

class OpenAiWire implements Wire {
  readonly #write: Write;

  constructor(write: Write) {
    this.#write = write;
  }

  begin(): void {
    this.#delta({ role: 'assistant', content: '' });
  }

  text(piece: string): void {
    this.#delta({ content: piece });
  }

  end({ calls, tokens, isCut }: End): void {
    calls.forEach(({ name, input }, index) => {
      const called = { name, arguments: JSON.stringify(input) };
      this.#delta({
        tool_calls: [{ index, id: `call-${index}`, type: 'function', function: called }],
      });
    });
    this.#delta({}, isCut ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop');
    this.#send({
      choices: [],
      usage: { prompt_tokens: 0, completion_tokens: tokens, total_tokens: tokens },
    });
    this.#write('data: [DONE]\n\n');
  }

  #delta(delta: object, reason: string | null = null): void {
    this.#send({ choices: [{ index: 0, delta, finish_reason: reason }] });
  }

  #send(chunk: object): void {
    const head = { id: 'answer', object: 'chat.completion.chunk', created: 0, model: 'fake' };
    this.#write(`data: ${JSON.stringify({ ...head, ...chunk })}\n\n`);
  }
}

class AnthropicWire implements Wire {
  readonly #write: Write;

  constructor(write: Write) {
    this.#write = write;
  }

  begin(): void {
    const usage = { input_tokens: 0, output_tokens: 0 };
    const message = {
      id: 'answer',
      type: 'message',
      role: 'assistant',
      model: 'fake',
      content: [],
      usage,
    };
    this.#send('message_start', { message });
    this.#send('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
  }

  text(piece: string): void {
    this.#send('content_block_delta', { index: 0, delta: { type: 'text_delta', text: piece } });
  }

  end({ calls, tokens, isCut }: End): void {
    this.#send('content_block_stop', { index: 0 });
    calls.forEach(({ name, input }, at) => {
      const index = at + 1;
      const block = { type: 'tool_use', id: `call-${at}`, name, input: {} };
      this.#send('content_block_start', { index, content_block: block });
      const delta = { type: 'input_json_delta', partial_json: JSON.stringify(input) };
      this.#send('content_block_delta', { index, delta });
      this.#send('content_block_stop', { index });
    });
    const reason = isCut ? 'max_tokens' : calls.length > 0 ? 'tool_use' : 'end_turn';
    const usage = { output_tokens: tokens };
    this.#send('message_delta', { delta: { stop_reason: reason, stop_sequence: null }, usage });
    this.#send('message_stop', {});
  }

  #send(type: string, rest: object): void {
    this.#write(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`);
  }
}
