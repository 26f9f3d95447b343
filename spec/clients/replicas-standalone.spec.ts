import { replicas } from './replicas.js';

replicas('standalone');
