import { useEffect, useState } from 'preact/hooks';

export type Theme = 'light' | 'dark';

const KEY = 'thinker-theme';
const CHANGED = 'themechange';

function preferred(): Theme {
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

export function currentTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : preferred();
}

export function applyTheme(): void {
  document.documentElement.dataset['theme'] = currentTheme();
  dispatchEvent(new Event(CHANGED));
}

/** Follows the system until somebody chooses. */
export function startTheme(): void {
  applyTheme();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', applyTheme);
}

export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(currentTheme);
  useEffect(() => {
    const follow = (): void => setTheme(currentTheme());
    addEventListener(CHANGED, follow);
    return () => removeEventListener(CHANGED, follow);
  }, []);
  const toggle = (): void => {
    const next = currentTheme() === 'dark' ? 'light' : 'dark';
    if (next === preferred()) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
    applyTheme();
  };
  return [theme, toggle];
}
