// The little that views need of the document.
import { messageOf } from '../shared/words.ts';

type Tags = HTMLElementTagNameMap;

/** The first element below with this selector, which must be there. */
export function part<K extends keyof Tags>(
  root: ParentNode,
  selector: K | `${K}.${string}`,
): Tags[K];
export function part(root: ParentNode, selector: string): HTMLElement;
export function part(root: ParentNode, selector: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`there is no ${selector}`);
  return found;
}

type Child = Element | string;

/** An element with attributes (those that are undefined are left out) and children. */
export function element<K extends keyof Tags>(
  tag: K,
  attributes: Readonly<Record<string, string | undefined>>,
  ...children: readonly Child[]
): Tags[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Shows an error below a view, and a button that does something again. */
export function showError(view: Element, error: unknown, again: () => unknown): void {
  const button = element('button', {}, 'Try again');
  const line = element('p', { class: 'error', role: 'alert' }, messageOf(error), button);
  button.onclick = () => {
    line.remove();
    again();
  };
  view.append(line);
}
