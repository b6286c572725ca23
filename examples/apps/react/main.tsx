import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import '../shared/server-panel.ts';
import '../shared/style.css';

const element = document.querySelector('#app');
if (element === null) throw new Error('the page has no #app');
// An error that a boundary has caught is shown there.
createRoot(element, { onCaughtError: () => undefined }).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
