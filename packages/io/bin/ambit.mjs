#!/usr/bin/env node
import '../dist/ambit.js';
