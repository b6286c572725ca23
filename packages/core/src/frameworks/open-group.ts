import { markHandled } from '../internal/mark-handled.ts';
import { TaskGroup } from '../tasks/task-group.ts';

/** A group of a component, whose failures go to its framework. Returns it, and how to end it. */
export function openGroup(
  name: string,
  onError: (error: unknown) => void,
): [group: TaskGroup, end: () => void] {
  const group = new TaskGroup({ name, onFailure: 'continue', onError });
  const end = (): void => {
    group.cancel('its component has no use for it any more');
    markHandled(group[Symbol.asyncDispose]());
  };
  return [group, end];
}
