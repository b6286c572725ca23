// A table of contents, in the order the tutorial teaches: first what one file at a time needs, then hand-over of items.
export {};
