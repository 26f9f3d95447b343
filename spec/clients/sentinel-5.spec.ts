import { conforms } from './conforms.js';
import { kindsOf } from './kinds.js';

conforms(kindsOf('sentinel', 5));
