import { replicas } from './replicas.js';

replicas('cluster');
