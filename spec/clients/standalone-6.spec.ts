import { standalone } from './standalone.js';

standalone(6);
