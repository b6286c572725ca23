import { JSDOM } from 'jsdom';

const { window } = new JSDOM();

/** A document for the frameworks, which look for it in the global object when they are loaded. */
const globals = {
  window,
  document: window.document,
  navigator: window.navigator,
  HTMLElement: window.HTMLElement,
  Element: window.Element,
  Node: window.Node,
  SVGElement: window.SVGElement,
  MathMLElement: window.Element,
  ShadowRoot: window.ShadowRoot,
  // React's `act`.
  IS_REACT_ACT_ENVIRONMENT: true,
};
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

afterAll(() => {
  for (const name of Object.keys(globals)) Reflect.deleteProperty(globalThis, name);
  window.close();
});

/** An element of its own, in the document. */
export function place(): Element & { readonly textContent: string } {
  const element = window.document.createElement('div');
  window.document.body.append(element);
  return element;
}

/** As a user clicks on it. */
export function click(element: Element | null | undefined): void {
  (element as unknown as EventTarget).dispatchEvent(new window.Event('click'));
}
