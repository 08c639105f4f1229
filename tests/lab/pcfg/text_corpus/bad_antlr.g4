/*
 * Sentences.
 */

grammar Sentences;

sentence : subject verb EOF ;
subject : 'she' | 'he' ;
