import fc from 'fast-check';
import { append, remove } from '../../src/internal/linked-list.ts';
import type { Host, Link } from '../../src/internal/linked-list.ts';

class Member implements Link<Member> {
  _previous: Member | undefined;
  _next: Member | undefined;
  _host: Host<Member> | undefined;
}

function membersOf(host: Host<Member>): Member[] {
  const members: Member[] = [];
  for (let at = host._first; at !== undefined; at = at._next) members.push(at);
  return members;
}

test('a list keeps its order, whichever members leave and come back', () => {
  const moves = fc.array(fc.record({ member: fc.nat(5), to: fc.nat(1) }), { maxLength: 60 });
  fc.assert(
    fc.property(moves, (steps) => {
      const hosts: Host<Member>[] = [{ _first: undefined }, { _first: undefined }];
      const expected: Member[][] = [[], []];
      const members = Array.from({ length: 6 }, () => new Member());
      for (const { member, to } of steps) {
        const link = members[member] as Member;
        const from = expected.findIndex((list) => list.includes(link));
        expect(remove(link)).toBe(from !== -1);
        if (from === -1) {
          append(hosts[to] as Host<Member>, link);
          expected[to]?.push(link);
        } else {
          expected[from] = (expected[from] as Member[]).filter((other) => other !== link);
          expect([link._previous, link._next, link._host]).toEqual([
            undefined,
            undefined,
            undefined,
          ]);
        }
        expect(hosts.map(membersOf)).toEqual(expected);
      }
    }),
  );
});
