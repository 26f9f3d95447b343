import { createHash } from 'node:crypto';

export const hashed = (key: string): string => createHash('sha1').update(key).digest('hex');
