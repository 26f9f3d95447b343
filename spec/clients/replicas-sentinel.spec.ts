import { replicas } from './replicas.js';

replicas('sentinel');
