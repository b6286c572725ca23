import Anthropic from '@anthropic-ai/sdk';
import { schemaOf } from './conversation.ts';
import type { AskModel, Message, ToolDescription } from './conversation.ts';

export function askAnthropic(baseURL: string): AskModel {
  const client = new Anthropic({ baseURL, apiKey: 'none', maxRetries: 0 });
  return async ({ messages, tools, maxTokens, onText }, signal) => {
    const request = {
      model: 'fake',
      max_tokens: maxTokens,
      messages: messages.map(toAnthropic),
      tools: tools.map(toolOf),
    };
    const stream = client.messages.stream(request, { signal }).on('text', onText);
    const { content } = await stream.finalMessage();
    return content.filter((block) => block.type === 'tool_use');
  };
}

function toolOf(tool: ToolDescription): Anthropic.Tool {
  return { name: tool.name, description: tool.description, input_schema: schemaOf(tool) };
}

function toAnthropic(message: Message): Anthropic.MessageParam {
  if (message.role === 'user') return { role: 'user', content: message.text };
  if (message.role === 'tool') {
    const { call, text } = message;
    return {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: call.id, content: text }],
    };
  }
  const calls = message.calls.map((call) => ({ type: 'tool_use' as const, ...call }));
  return { role: 'assistant', content: [{ type: 'text', text: message.text }, ...calls] };
}
