import { getRunningLoop, retry, taskGroup, throwIfCancelled, timeout } from '@ambit/core';
import type { Task, TaskGroup } from '@ambit/core';
import type { Options } from './options.ts';
import { readPage } from './page.ts';
import type { Progress } from './progress.ts';
import { LinkError, request, whyBroken } from './request.ts';
import type { Answer } from './request.ts';
import type { Site } from './site.ts';

/** The outcome of the request for one address. */
export interface Finding {
  readonly status: 'ok' | 'broken' | 'skipped';
  readonly reason: string;
  readonly ms: number;
  /** Where `#fragments` may point to; undefined if that is not known. */
  readonly anchors?: ReadonlySet<string> | undefined;
}

/** One link of one page, and the task that checks its address, which several links share. */
export interface FollowedLink {
  /** The address of the page; undefined: the crawl began here. */
  readonly page: string | undefined;
  /** As the page has it. */
  readonly link: string;
  readonly fragment: string;
  readonly target: Task<Finding>;
}

/** Follows all links of a site, each address once, a number of them at a time. */
export class Crawl {
  readonly #site: Site;
  readonly #options: Options;
  readonly #progress: Progress;
  readonly #targets = new Map<string, Task<Finding>>();
  readonly #pages = new Set<string>();
  readonly #links: FollowedLink[] = [];
  #done = 0;

  constructor(site: Site, options: Options, progress: Progress) {
    this.#site = site;
    this.#options = options;
    this.#progress = progress;
  }

  /** The results so far, also of a crawl that was cancelled. */
  get links(): readonly FollowedLink[] {
    return this.#links;
  }

  get pageCount(): number {
    return this.#pages.size;
  }

  /** Ends once there is nothing left to follow. Every page spawns the tasks for its links into one group. */
  async run(): Promise<void> {
    await taskGroup(
      (group) => {
        group.use(this.#progress);
        for (const seed of this.#site.seeds) this.#follow(group, undefined, seed.href, seed);
      },
      { name: 'crawl', limit: this.#options.limit },
    );
  }

  #follow(group: TaskGroup, page: string | undefined, link: string, url: URL): void {
    const fragment = url.hash;
    const address = new URL(url);
    address.hash = '';
    let target = this.#targets.get(address.href);
    if (target === undefined) {
      target = group.spawn(() => this.#look(group, address), { name: address.href });
      this.#targets.set(address.href, target);
    }
    this.#links.push({ page, link, fragment, target });
  }

  async #look(group: TaskGroup, url: URL): Promise<Finding> {
    const loop = getRunningLoop();
    const started = loop.now();
    const finding = await this.#find(group, url);
    this.#done += 1;
    this.#progress.update(this.#done, this.#targets.size, this.#site.nameOf(url), finding);
    return { ...finding, ms: Math.round(loop.now() - started) };
  }

  async #find(group: TaskGroup, url: URL): Promise<Omit<Finding, 'ms'>> {
    if (!this.#isWanted(url)) return { status: 'skipped', reason: 'external' };
    try {
      const answer = await this.#ask(url);
      if (answer.status === 'skipped' || answer.html === undefined) return answer;
      return { ...answer, anchors: this.#readPage(group, answer.url, answer.html) };
    } catch (error) {
      // An error after Ctrl-C or the deadline says nothing about the link.
      throwIfCancelled();
      return { status: 'broken', reason: whyBroken(error) };
    }
  }

  /** Checks one link, with a number of attempts and a time limit for each. */
  #ask(url: URL): Promise<Answer> {
    const { retries, timeout: ms } = this.#options;
    const isOwn = (address: URL): boolean => address.origin === this.#site.origin;
    const policy = { isOwn, isWanted: (address: URL) => this.#isWanted(address) };
    return retry(() => timeout(ms, () => request(url, policy)), {
      attempts: retries + 1,
      delay: 200,
      when: (error) => !(error instanceof LinkError) || error.isPassing,
    });
  }

  #isWanted(url: URL): boolean {
    return this.#options.external || url.origin === this.#site.origin;
  }

  #readPage(group: TaskGroup, url: URL, html: string): ReadonlySet<string> {
    const { links, anchors } = readPage(html, url);
    // Two addresses may lead to one page, by a redirect.
    if (!this.#pages.has(url.href)) {
      this.#pages.add(url.href);
      for (const [link, target] of links) this.#follow(group, url.href, link, target);
    }
    return anchors;
  }
}
