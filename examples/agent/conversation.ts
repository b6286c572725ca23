// What the agent, its tools and the three SDKs say to each other.

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

export type Message =
  | { readonly role: 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly calls: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly call: ToolCall; readonly text: string };

/** What the model is told of a tool. */
export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  /** The properties of its input, each with a description. */
  readonly input: Readonly<Record<string, string>>;
}

/** A tool needs no signal: what it waits for is cancelled with the task that it runs in. */
export interface Tool extends ToolDescription {
  /** Milliseconds that a call may take; default 10,000. */
  readonly limit?: number;
  run(input: never): Promise<string>;
}

interface ModelRequest {
  readonly messages: readonly Message[];
  readonly tools: readonly ToolDescription[];
  readonly maxTokens: number;
  /** Called for each piece of the answer as it comes. */
  readonly onText: (piece: string) => void;
}

/** Asks a model by one of the SDKs. */
export type AskModel = (request: ModelRequest, signal: AbortSignal) => Promise<readonly ToolCall[]>;

/** The JSON schema of a tool's input. */
export function schemaOf({ input }: ToolDescription): { type: 'object'; [key: string]: unknown } {
  const names = Object.keys(input);
  const properties = names.map((name) => [name, { type: 'string', description: input[name] }]);
  return { type: 'object', properties: Object.fromEntries(properties), required: names };
}

/** How many milliseconds a server asks to wait before the next attempt; undefined: it is no such error. */
export function retryAfterOf(error: unknown): number | undefined {
  const { status, statusCode, headers, responseHeaders } = error as ApiError;
  const code = status ?? statusCode;
  if (code !== 429 && code !== 503) return undefined;
  const seconds = headers?.get('retry-after') ?? responseHeaders?.['retry-after'] ?? '0';
  return Number(seconds) * 1000;
}

/** The errors of the OpenAI and Anthropic SDKs have `status` and `headers`, those of the AI SDK the others. */
interface ApiError {
  readonly status?: number;
  readonly statusCode?: number;
  readonly headers?: Headers;
  readonly responseHeaders?: Readonly<Record<string, string>>;
}
