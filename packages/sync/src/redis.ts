export { redisStore } from './lease/redis-store.ts';
export type {
  IoredisLike,
  IoredisSubscriber,
  NodeRedisLike,
  NodeRedisSubscriber,
  RedisStoreOptions,
} from './lease/redis-store.ts';
