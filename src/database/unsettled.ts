import { UNSETTLED_STATUSES } from '../domain/operation.js';

/** The statuses of operations that are not settled, in SQL: `status IN ${UNSETTLED}`, as partial indexes have it. */
export const UNSETTLED = `(${UNSETTLED_STATUSES.map((status) => `'${status}'`).join(', ')})`;
