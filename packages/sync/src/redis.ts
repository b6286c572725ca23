export { redisStore } from './lease/redis-store.ts';
export type { RedisStoreOptions } from './lease/redis-store.ts';
export type {
  IoredisLike,
  IoredisSubscriber,
  NodeRedisLike,
  NodeRedisSubscriber,
} from './lease/redis-clients.ts';
