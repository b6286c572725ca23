import { targetOf } from '../jumps.mjs';
import { propertyName, variableOf } from '../syntax.mjs';
import { isTaskGroup } from '../task-groups.mjs';

/**
 * @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node
 * @typedef {import('@typescript-eslint/utils').TSESTree.Identifier} Identifier
 * @typedef {import('@typescript-eslint/utils').TSESTree.VariableDeclaration} VariableDeclaration
 * @typedef {import('@typescript-eslint/utils').TSESLint.Scope.Variable} Variable
 *
 * A way through the code that ESLint's code path analysis found; the events on it, in order.
 * @typedef {{ id: string, reachable: boolean, prevSegments: Segment[] }} Segment
 * @typedef {{ kind: 'spawns' | 'joins', group: Group } | { kind: 'leaves', group: Group, at: Node }} Event
 * @typedef {{ name: string, id: Identifier, declaration: VariableDeclaration, block: Node, variable: Variable }} Group
 * @typedef {{ segments: Set<Segment>, events: Map<Segment, Event[]>, groups: Group[], around: Path | undefined }} Path
 */

/** Members that neither start work nor end it. */
const HARMLESS = new Set(['defer', 'enter', 'name', 'scope', 'signal', 'size', 'tasks', 'use']);
/** After these, leaving the block loses nothing, or says that it does. */
const ENDS = new Set(['cancel', 'join', 'stop']);

/** @type {import('@typescript-eslint/utils').TSESLint.RuleModule<string>} */
export const groupNeedsJoin = {
  meta: {
    type: 'problem',
    docs: {
      description: 'Require `await group.join()` at the end of the block of an `await using` group',
    },
    hasSuggestions: true,
    schema: [],
    messages: {
      missingJoin:
        'This block can end while tasks of {{ group }} are running, and they are cancelled then. End it with `await {{ group }}.join()`, or with `{{ group }}.cancel()` if that is meant.',
      missingJoinHere:
        'This leaves the block while tasks of {{ group }} are running, and they are cancelled then. Put `await {{ group }}.join()` before it, or `{{ group }}.cancel()` if that is meant.',
      join: 'Insert `await {{ group }}.join()`.',
    },
  },
  defaultOptions: [],
  create(context) {
    const { sourceCode } = context;
    /** @type {Path | undefined} */
    let path;

    /**
     * @param {Path | undefined} where
     * @param {Event} event
     */
    function add(where, event) {
      for (const segment of where?.segments ?? []) where?.events.get(segment)?.push(event);
    }

    /** @param {Node} node */
    function leave(node) {
      // Awaited for at this point are the groups of this function whose blocks the jump leaves.
      const target = targetOf(node);
      for (const group of path?.groups ?? []) {
        if (isWithin(node, group.block) && !(target && isWithin(target, group.block, true)))
          add(path, { kind: 'leaves', group, at: node });
      }
    }

    /** @param {Node} node */
    function endOfBlock(node) {
      for (const group of path?.groups ?? [])
        if (group.block === node) add(path, { kind: 'leaves', group, at: group.id });
    }

    /** @param {VariableDeclaration} node */
    function declare(node) {
      if (node.kind !== 'await using' || node.parent.type === 'ForOfStatement') return;
      for (const { id, init } of node.declarations) {
        if (id.type !== 'Identifier' || !isTaskGroup(init, sourceCode)) continue;
        const variable = variableOf(id, sourceCode);
        const group = { name: id.name, id, declaration: node, block: node.parent };
        if (variable) path?.groups.push({ ...group, variable });
      }
    }

    /** @param {Identifier} node */
    function refer(node) {
      const [where, group] = groupOf(node, path) ?? [];
      if (!group || node === group.id) return;
      const kind = whatHappens(node);
      // In a function of its own it may happen at any time from here on; what it ends there is not ended here.
      if (kind && (where === path || kind === 'spawns')) add(where, { kind, group });
    }

    /**
     * @param {Identifier} node
     * @param {Path | undefined} from
     * @returns {[Path, Group] | undefined}
     */
    function groupOf(node, from) {
      for (let where = from; where; where = where.around) {
        const group = where.groups.find(({ name }) => name === node.name);
        if (group && variableOf(node, sourceCode) === group.variable) return [where, group];
      }
      return undefined;
    }

    /**
     * @param {Group} group
     * @param {Node} at
     */
    function report(group, at) {
      const text = `await ${group.name}.join();`;
      const data = { group: group.name };
      const jumps = at !== group.id;
      const place = jumps ? at : lastStatement(group.block);
      // What a return waits for itself would come after the join; what has no block around it needs one first.
      const fits = place && (!jumps || (at.parent?.type === 'BlockStatement' && !hasAwait(at)));
      context.report({
        node: at,
        messageId: jumps ? 'missingJoinHere' : 'missingJoin',
        data,
        suggest: fits
          ? [
              {
                messageId: 'join',
                data,
                fix: (fixer) =>
                  jumps
                    ? fixer.insertTextBefore(place, `${text}\n${indentOf(place)}`)
                    : fixer.insertTextAfter(place, `\n${indentOf(place)}${text}`),
              },
            ]
          : [],
      });
    }

    /** @param {Node} node */
    const indentOf = (node) =>
      /^\s*/.exec(sourceCode.lines[node.loc.start.line - 1] ?? '')?.[0] ?? '';

    /** @param {Node} node */
    const hasAwait = (node) => /\bawait\b/.test(sourceCode.getText(node));

    /** @param {Segment} segment */
    function enterSegment(segment) {
      path?.segments.add(segment);
      path?.events.set(segment, []);
    }

    /** @param {Segment} segment */
    const leaveSegment = (segment) => void path?.segments.delete(segment);

    return /** @type {any} */ ({
      onCodePathStart() {
        path = { segments: new Set(), events: new Map(), groups: [], around: path };
      },
      onCodePathEnd() {
        for (const [group, places] of leavings(/** @type {Path} */ (path)))
          for (const at of places) report(group, at);
        path = path?.around;
      },
      onCodePathSegmentStart: enterSegment,
      onCodePathSegmentEnd: leaveSegment,
      VariableDeclaration: declare,
      Identifier: refer,
      'ReturnStatement:exit': leave,
      BreakStatement: leave,
      ContinueStatement: leave,
      // A failure is for the caller; what a catch clause goes on with is no normal path.
      CatchClause(/** @type {Node} */ node) {
        for (const group of path?.groups ?? [])
          if (isWithin(node, group.block)) add(path, { kind: 'joins', group });
      },
      'BlockStatement:exit': endOfBlock,
      'Program:exit': endOfBlock,
      'StaticBlock:exit': endOfBlock,
    });
  },
};

/**
 * What the mention of a group does to it: undefined if nothing that matters here.
 *
 * @param {Identifier} node
 * @returns {'spawns' | 'joins' | undefined}
 */
function whatHappens(node) {
  const { parent } = node;
  if (parent.type !== 'MemberExpression' || parent.object !== node) return 'spawns';
  const name = propertyName(parent) ?? '';
  if (ENDS.has(name)) return 'joins';
  if (HARMLESS.has(name)) return undefined;
  return name === 'spawn' && isDaemon(parent.parent) ? undefined : 'spawns';
}

/**
 * `group.spawn(fn, { daemon: true })`: to be cancelled at the end is what a daemon is for.
 *
 * @param {Node} call
 */
function isDaemon(call) {
  const options = call.type === 'CallExpression' ? call.arguments[1] : undefined;
  return (
    options?.type === 'ObjectExpression' &&
    options.properties.some(
      (property) =>
        property.type === 'Property' &&
        property.key.type === 'Identifier' &&
        property.key.name === 'daemon' &&
        property.value.type === 'Literal' &&
        property.value.value === true,
    )
  );
}

/**
 * Where the block of a group is left with tasks in it: the state at the start of each segment is what any way to it
 * brings along, and that is followed until nothing changes any more.
 *
 * @param {Path} path
 */
function leavings({ events, groups }) {
  /** @type {Map<Group, Set<Node>>} */
  const found = new Map();
  for (const group of groups) {
    const places = new Set();
    /** @type {Set<Segment>} */
    const busyAtEnd = new Set();
    for (let changed = true; changed;) {
      changed = false;
      for (const [segment, all] of events) {
        let busy = segment.prevSegments.some((before) => busyAtEnd.has(before));
        for (const event of all) {
          if (event.group !== group) continue;
          if (event.kind === 'leaves') {
            if (busy) places.add(event.at);
          } else busy = event.kind === 'spawns';
        }
        if (busy && !busyAtEnd.has(segment)) {
          busyAtEnd.add(segment);
          changed = true;
        }
      }
    }
    found.set(group, places);
  }
  return found;
}

/**
 * @param {Node} node
 * @param {Node} around
 * @param {boolean} [strictly]
 */
const isWithin = (node, around, strictly = false) =>
  node.range[0] >= around.range[0] &&
  node.range[1] <= around.range[1] &&
  !(strictly && node === around);

/**
 * @param {Node} block
 * @returns {Node | undefined}
 */
const lastStatement = (block) => /** @type {any} */ (block).body?.at?.(-1);
