import type * as childProcess from 'node:child_process';
import type * as crypto from 'node:crypto';
import type * as dgram from 'node:dgram';
import type * as dns from 'node:dns';
import type * as fs from 'node:fs';
import type * as files from 'node:fs/promises';
import type * as http from 'node:http';
import type * as http2 from 'node:http2';
import type * as https from 'node:https';
import type * as net from 'node:net';
import type * as os from 'node:os';
import type * as perfHooks from 'node:perf_hooks';
import type stream from 'node:stream';
import type * as webStreams from 'node:stream/web';
import type * as stringDecoder from 'node:string_decoder';
import type * as timers from 'node:timers';
import type * as tls from 'node:tls';
import type * as util from 'node:util';
import type * as workerThreads from 'node:worker_threads';

/**
 * The modules of Node that take long to load, and that few programs need: each is loaded where it is first used. An `import`
 * would load it before the program starts, and what its getters load: `node:util` takes 5 ms on Node 24.
 */
export const node = {
  get childProcess(): typeof childProcess {
    return process.getBuiltinModule('node:child_process');
  },
  get crypto(): typeof crypto {
    return process.getBuiltinModule('node:crypto');
  },
  get dgram(): typeof dgram {
    return process.getBuiltinModule('node:dgram');
  },
  get dns(): typeof dns {
    return process.getBuiltinModule('node:dns');
  },
  get fs(): typeof fs {
    return process.getBuiltinModule('node:fs');
  },
  get files(): typeof files {
    return process.getBuiltinModule('node:fs/promises');
  },
  get http(): typeof http {
    return process.getBuiltinModule('node:http');
  },
  get http2(): typeof http2 {
    return process.getBuiltinModule('node:http2');
  },
  get https(): typeof https {
    return process.getBuiltinModule('node:https');
  },
  get net(): typeof net {
    return process.getBuiltinModule('node:net');
  },
  get os(): typeof os {
    return process.getBuiltinModule('node:os');
  },
  get perfHooks(): typeof perfHooks {
    return process.getBuiltinModule('node:perf_hooks');
  },
  get stream(): typeof stream {
    return process.getBuiltinModule('node:stream');
  },
  get webStreams(): typeof webStreams {
    return process.getBuiltinModule('node:stream/web');
  },
  get stringDecoder(): typeof stringDecoder {
    return process.getBuiltinModule('node:string_decoder');
  },
  get timers(): typeof timers {
    return process.getBuiltinModule('node:timers');
  },
  get tls(): typeof tls {
    return process.getBuiltinModule('node:tls');
  },
  get util(): typeof util {
    return process.getBuiltinModule('node:util');
  },
  get workerThreads(): typeof workerThreads {
    return process.getBuiltinModule('node:worker_threads');
  },
};
