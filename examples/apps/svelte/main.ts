import { mount } from 'svelte';
import App from './App.svelte';
import '../shared/server-panel.ts';
import '../shared/style.css';

const target = document.querySelector('#app');
if (target === null) throw new Error('the page has no #app');
mount(App, { target });
