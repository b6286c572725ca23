/*
 * What is written for V8 alone. The code says the same without it; `npm run bench -- shapes` shows what it brings.
 *
 * - A shape (V8's map) says which fields an object has and where. Compiled code refers weakly to the shapes of the objects that it was
 *   compiled for. A full collection that finds no object of a shape frees the shape, and that code goes with it: a program that was
 *   idle for a moment runs bytecode again. So of each class whose objects come and go with a call one object stays ({@link keepShape}).
 * - V8 gives an object room for the fields that the first objects of its class came to have. Fields that few objects have are on the
 *   prototype with their defaults ({@link rareFields}): an object gets room for one when it is set. Where a kind of objects always has
 *   them, a subclass has them as fields.
 * - A class that has a `#method` puts a mark of 8 bytes on each of its objects: classes with many objects have none.
 *
 * Decisions 8 and 9 have the measurements.
 */

/** By their classes. A list that no code reads is left out by bundlers. */
const kept = new Map<object, readonly object[]>();

/**
 * Keeps one object of each shape that the objects of a class have, for classes whose objects come and go with a call: with the last
 * object of a shape V8 throws the code away that was compiled for it.
 *
 * @param ofClass - the class; what it kept before is let go
 * @param samples - objects of it, for as long as the program runs
 * @example
 * class Hold {
 *   static {
 *     keepShape(this, new Hold());
 *   }
 * }
 */
export function keepShape(ofClass: object, ...samples: readonly object[]): void {
  kept.set(ofClass, samples);
}

/** Gives a class defaults for fields that it only declares. */
export function rareFields<T extends object>(prototype: T, defaults: Partial<T>): void {
  Object.assign(prototype, defaults);
}
