/** Whether two types are one and the same; `any` equals nothing but itself. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles where `Claim` is true. */
export type Holds<Claim extends true> = Claim;
