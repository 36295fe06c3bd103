import { render } from 'preact';
import { App } from './app.js';
import { startTheme } from './lib/theme.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/components.css';

startTheme();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
