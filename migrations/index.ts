import { CreateSchema1795392000000 } from './1795392000000-create-schema.js';
import { AddSessionsAndKeys1795478400000 } from './1795478400000-add-sessions-and-keys.js';

/** Every migration, oldest first. One that has been released is never edited. */
export const MIGRATIONS = [CreateSchema1795392000000, AddSessionsAndKeys1795478400000];
