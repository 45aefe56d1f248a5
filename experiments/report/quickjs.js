// What ECharts asks its host for, and never needs when nothing moves.
"use strict";
globalThis.setTimeout = () => 0;
globalThis.clearTimeout = () => {};
