import { conforms } from './conforms.js';
import { kindsOf } from './kinds.js';

conforms(kindsOf('cluster', 5));
