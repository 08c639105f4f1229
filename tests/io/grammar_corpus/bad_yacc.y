sentence
    : subject verb
    | subject
    ;
