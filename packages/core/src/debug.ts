import { installDebugTools } from './program/install-debug-tools.ts';

// What a bundler leaves out of the main door.
installDebugTools();

export { allTasks, taskTree, formatTaskTree } from './program/task-tree.ts';
export type { TaskTreeNode } from './program/survey.ts';
