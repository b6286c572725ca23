export interface Thing {
  readonly id: number;
  readonly name: string;
  /** Cents. */
  readonly price: number;
  readonly place: string;
  readonly minutes: number;
  readonly said: readonly string[];
}

type Row = readonly [name: string, price: number, place: string, minutes: number, said: string];

const ROWS: readonly Row[] = [
  ['Bake bread', 650, 'The old mill', 180, 'My kitchen smells of it still.'],
  ['Build a kite', 1200, 'West meadow', 120, 'It flew. The string did not hold.'],
  ['Fold a crane', 300, 'Library', 30, 'Mine looks like a boat.'],
  ['Grow tomatoes', 900, 'Glasshouse', 45, 'Come back in August.'],
  ['Learn to juggle', 500, 'Market square', 60, 'Two balls are easy.'],
  ['Paint a fence', 100, 'Harbour street', 240, 'My friends paid to do it for me.'],
  ['Plant a tree', 1500, 'North hill', 90, 'An oak, for whoever comes next.'],
  ['Read a map', 400, 'Library', 45, 'I found the library without it.'],
  ['Repair a bicycle', 800, 'Station workshop', 120, 'No screws were left over.'],
  ['Ring a bell', 200, 'Clock tower', 15, 'They heard us on the island.'],
  ['Sail a dinghy', 2900, 'Harbour', 150, 'Wet, and happy.'],
  ['Watch birds', 350, 'Reed lake', 120, 'A bittern, for one second.'],
];

/** What the shop sells. */
export const things: readonly Thing[] = ROWS.map(([name, price, place, minutes, said], index) => ({
  ...{ id: index + 1, name, price, place, minutes },
  said: [said, 'I would do it again.'],
}));
