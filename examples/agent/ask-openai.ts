import OpenAI from 'openai';
import { schemaOf } from './conversation.ts';
import type { AskModel, Message, ToolDescription } from './conversation.ts';

export function askOpenAi(baseUrl: string): AskModel {
  const client = new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey: 'none', maxRetries: 0 });
  return async ({ messages, tools, maxTokens, onText }, signal) => {
    const stream = await client.chat.completions.create(
      {
        model: 'fake',
        stream: true,
        max_completion_tokens: maxTokens,
        messages: messages.map(toOpenAi),
        tools: tools.map(toolOf),
      },
      { signal },
    );
    const calls: Called[] = [];
    for await (const { choices } of stream) {
      const { content, tool_calls: pieces = [] } = choices[0]?.delta ?? {};
      if (content) onText(content);
      for (const { index, id, function: fn } of pieces) {
        const call = (calls[index] ??= { id: '', name: '', input: '' });
        call.id += id ?? '';
        call.name += fn?.name ?? '';
        call.input += fn?.arguments ?? '';
      }
    }
    // The SDK ends an aborted stream without an error.
    signal.throwIfAborted();
    return calls.map((call) => ({ ...call, input: JSON.parse(call.input) as unknown }));
  };
}

/** A call of a tool, put together from the pieces in which it comes. */
interface Called {
  id: string;
  name: string;
  input: string;
}

function toolOf(tool: ToolDescription): OpenAI.ChatCompletionTool {
  const { name, description } = tool;
  return { type: 'function', function: { name, description, parameters: schemaOf(tool) } };
}

function toOpenAi(message: Message): OpenAI.ChatCompletionMessageParam {
  if (message.role === 'user') return { role: 'user', content: message.text };
  if (message.role === 'tool') {
    return { role: 'tool', tool_call_id: message.call.id, content: message.text };
  }
  const calls = message.calls.map(({ id, name, input }) => {
    return { id, type: 'function' as const, function: { name, arguments: JSON.stringify(input) } };
  });
  return {
    role: 'assistant',
    content: message.text,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}
