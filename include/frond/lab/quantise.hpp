// For a PC, trained networks as whole numbers of eight bits: conversion, and the header for a device.
#pragma once

#include <frond/lab/quantise/convert.hpp>
#include <frond/lab/quantise/header.hpp>
