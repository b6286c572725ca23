import { createOpenAI } from '@ai-sdk/openai';
import { jsonSchema, streamText, tool } from 'ai';
import type { ModelMessage, ToolSet } from 'ai';
import { schemaOf } from './conversation.ts';
import type { AskModel, Message, ToolCall, ToolDescription } from './conversation.ts';

export function askAiSdk(baseUrl: string): AskModel {
  const model = createOpenAI({ baseURL: `${baseUrl}/v1`, apiKey: 'none' }).chat('fake');
  return async ({ messages, tools, maxTokens, onText }, abortSignal) => {
    const { fullStream } = streamText({
      model,
      abortSignal,
      maxRetries: 0,
      maxOutputTokens: maxTokens,
      messages: messages.map(toAiSdk),
      tools: toolsOf(tools),
      // Without it, the SDK prints errors that come out of the stream anyway.
      onError: () => undefined,
    });
    const calls: ToolCall[] = [];
    for await (const part of fullStream) {
      if (part.type === 'text-delta') onText(part.text);
      if (part.type === 'tool-call') {
        calls.push({ id: part.toolCallId, name: part.toolName, input: part.input });
      }
      if (part.type === 'error') throw part.error;
    }
    abortSignal.throwIfAborted();
    return calls;
  };
}

/** Without `execute`: the agent runs the tools itself. */
function toolsOf(tools: readonly ToolDescription[]): ToolSet {
  const entries = tools.map((each) => {
    const { name, description } = each;
    return [name, tool({ description, inputSchema: jsonSchema(schemaOf(each)) })] as const;
  });
  // The types of the SDK do not hold under exactOptionalPropertyTypes.
  return Object.fromEntries(entries) as unknown as ToolSet;
}

function toAiSdk(message: Message): ModelMessage {
  if (message.role === 'user') return { role: 'user', content: message.text };
  if (message.role === 'tool') {
    const { id: toolCallId, name: toolName } = message.call;
    const output = { type: 'text' as const, value: message.text };
    return { role: 'tool', content: [{ type: 'tool-result', toolCallId, toolName, output }] };
  }
  const calls = message.calls.map(({ id: toolCallId, name: toolName, input }) => {
    return { type: 'tool-call' as const, toolCallId, toolName, input };
  });
  return { role: 'assistant', content: [{ type: 'text', text: message.text }, ...calls] };
}
