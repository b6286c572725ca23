// A backend groups spans by their names: a name that contains an id makes a group of its own for each id.

const UUID = /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi;
const HEXADECIMAL = /\b(?=[\da-f]*\d)[\da-f]{8,}\b/gi;
const DIGITS = /\d+/g;
const LONGEST = 100;

/** A name without what differs from one task to the next: ids and numbers become `*`. */
export function spanNameOf(taskName: string): string {
  const name = taskName.replace(UUID, '*').replace(HEXADECIMAL, '*').replace(DIGITS, '*');
  return name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
}
