import { conforms } from './conforms.js';
import { KINDS } from './kinds.js';

conforms(KINDS.filter(({ topology }) => topology === 'sentinel'));
