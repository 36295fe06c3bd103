import { type JSX } from 'preact';

/** Strokes in a square of 20. */
const PATHS = {
  overview: 'M3 11h4l2-6 3 11 2-5h3',
  adapters: 'M10 3l7 4-7 4-7-4 7-4zM3 11l7 4 7-4M3 14.5l7 4 7-4',
  aliases: 'M3 3.5h6l8 8-5.5 5.5L3 9.5zM6.5 7h.01',
  playground: 'M4 4h12v9H9l-4 3v-3H4V4z',
  operations: 'M4 5h12M4 10h8M4 15h5',
  jobs: 'M4 7h12v9H4zM8 7V4h4v3',
  checkpoints: 'M5 3h8l3 3v11H5zM8 3v4h5',
  losses: 'M14 4H7l4 6-4 6h7',
  keys: 'M7 10a3 3 0 1 0 0 .01M10 10h7v3M14 10v2',
  files: 'M3 6h5l2 2h7v8H3z',
  docs: 'M10 5c-2-1.5-4-1.5-6-1v12c2-.5 4-.5 6 1 2-1.5 4-1.5 6-1V4c-2-.5-4-.5-6 1zM10 5v12',
  queue: 'M4 4h12v3H4zM4 10h12v3H4zM4 16h12',
  sun: 'M10 6.5a3.5 3.5 0 1 0 .01 0M10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1 1M14.7 14.7l1 1M4.3 15.7l1-1M14.7 5.3l1-1',
  moon: 'M16 12.5A7 7 0 0 1 7.5 4a6.5 6.5 0 1 0 8.500 8.500z',
  out: 'M8 4H4v12h4M12 7l3 3-3 3M15 10H8',
  menu: 'M3 6h14M3 10h14M3 14h14',
  search: 'M9 4a5 5 0 1 0 .01 0M13 13l4 4',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
