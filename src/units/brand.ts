/**
 * Nominal typing for plain numbers and strings: a `Micros` is not a `Centis`, though both are
 * numbers.
 */
declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
