/** Whether two types are identical; `any` equals nothing but itself. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if `Claim` is true. */
export type Holds<Claim extends true> = Claim;
