export { command } from './redis/command.ts';
export { blocking } from './redis/blocking.ts';
export { subscribe } from './redis/subscribe.ts';
export type { RedisMessage } from './redis/subscribe.ts';
export type {
  IoredisClient,
  NodeRedisClient,
  RedisClient,
  RedisWord,
} from './redis/redis-client.ts';
export type { EventStream } from './events/event-stream.ts';
