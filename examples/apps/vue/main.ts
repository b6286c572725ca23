import { createApp } from 'vue';
import App from './App.vue';
import '../shared/server-panel.ts';
import '../shared/style.css';

createApp(App).mount('#app');
